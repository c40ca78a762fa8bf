/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_capabilities.h"

#include "test/server/feed/records.h"

/* --- the table ------------------------------------------------------------- */

/* The list that clients see is in order, and no name is there twice. */
static void test_irc_capabilities_are_sorted(void **state)
{
	(void)state;
	for (enum irc_capability_index i = 0; i + 1 < IRC_CAPABILITIES; i++) {
		assert_true(strcmp(irc_capabilities_name(i), irc_capabilities_name(i + 1)) < 0);
	}
}

/* A name with a space or "=" would be two, one with "-" first an end; a mask has 32 bits. */
static void test_irc_capabilities_have_names_that_can_be_asked_for(void **state)
{
	(void)state;
	assert_true(IRC_CAPABILITIES < 32);
	for (enum irc_capability_index i = 0; i < IRC_CAPABILITIES; i++) {
		const char *name = irc_capabilities_name(i);
		unsigned bits = 0;

		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-./"), strlen(name));
		assert_int_not_equal(name[0], '-');
		assert_true(irc_capabilities_request(name, &bits));
		assert_int_equal(bits, 1u << i);
	}
}

/* ircv3.net, "Message Tags": a vendor's name begins with a domain name; RFC 9476: .alt. */
static void test_irc_capabilities_name_the_change_after_a_domain_of_nobody(void **state)
{
	(void)state;
	assert_string_equal(irc_capabilities_name(IRC_CAPABILITY_CHANGE), IRC_CHANGE_NAME);
	assert_non_null(strstr(IRC_CHANGE_NAME, ".alt/"));
}

/* --- lists ------------------------------------------------------------------ */

static void assert_list(unsigned bits, bool with_values, size_t length_max,
                        enum irc_capability_index *next, const char *wanted, bool has_more)
{
	struct buffer out = {0};

	buffer_append_text(&out, "before");
	assert_int_equal(irc_capabilities_write(&out, bits, with_values, length_max, next),
	                 has_more);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes + strlen("before"), wanted);
	buffer_finish(&out);
}

/* ircv3.net, "Capability Negotiation": values for 302 only. */
static void test_irc_capabilities_have_values_when_asked_for(void **state)
{
	enum irc_capability_index next = 0;

	(void)state;
	assert_list(IRC_CAP_CHANGE | IRC_CAP_BATCH, true, 400, &next,
	            "batch rcstreamd.alt/change=json", false);
	next = 0;
	assert_list(IRC_CAP_CHANGE | IRC_CAP_BATCH, false, 400, &next, "batch rcstreamd.alt/change",
	            false);
	next = 0;
	assert_list(0, true, 400, &next, "", false);
}

/* ibid.: a list that does not fit on a line goes on in the next, none left out or torn. */
static void test_irc_capabilities_go_on_where_a_line_was_full(void **state)
{
	unsigned bits = IRC_CAP_BATCH | IRC_CAP_SERVER_TIME | IRC_CAP_SETNAME;
	enum irc_capability_index next = 0;

	(void)state;
	assert_list(bits, true, strlen("batch server-time"), &next, "batch server-time", true);
	assert_list(bits, true, strlen("batch server-time"), &next, "setname", false);
	next = 0;
	assert_list(bits, true, strlen("batch server-tim"), &next, "batch", true);
	assert_list(bits, true, strlen("server-time setname"), &next, "server-time setname", false);
	next = 0;
	assert_list(bits, true, 1, &next, "batch", true);
	assert_list(bits, true, 1, &next, "server-time", true);
	assert_list(bits, true, 1, &next, "setname", false);
}

/* --- requests --------------------------------------------------------------- */

static void assert_request(unsigned before, const char *request, bool is_granted, unsigned after)
{
	unsigned bits = before;

	assert_int_equal(irc_capabilities_request(request, &bits), is_granted);
	assert_int_equal(bits, after);
}

/* ibid.: taken as a whole or not at all, from left to right; what is so already is no fault. */
static void test_irc_capabilities_are_granted_all_or_none(void **state)
{
	(void)state;
	assert_request(0, "", true, 0);
	assert_request(0, "  batch   setname  ", true, IRC_CAP_BATCH | IRC_CAP_SETNAME);
	assert_request(IRC_CAP_BATCH, "batch -setname", true, IRC_CAP_BATCH);
	assert_request(IRC_CAP_BATCH, "-batch setname", true, IRC_CAP_SETNAME);
	assert_request(IRC_CAP_BATCH, "setname -batch -setname", true, 0);
	assert_request(IRC_CAP_BATCH, "setname -batch sasl", false, IRC_CAP_BATCH);
}

/* ibid.: names have case, are whole, and have no values in a request. */
static void test_irc_capabilities_that_are_not_offered_are_refused(void **state)
{
	static const char *const requests[] = {
	    "sasl",
	    "BATCH",
	    "batc",
	    "batchx",
	    "batch=1",
	    "-",
	    "--batch",
	    "=",
	    "invite-notify",
	    "rcstreamd.alt",
	    "rcstreamd.alt/change=json",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		assert_request(IRC_CAP_SETNAME, requests[i], false, IRC_CAP_SETNAME);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_capabilities_are_sorted),
	    cmocka_unit_test(test_irc_capabilities_have_names_that_can_be_asked_for),
	    cmocka_unit_test(test_irc_capabilities_name_the_change_after_a_domain_of_nobody),
	    cmocka_unit_test(test_irc_capabilities_have_values_when_asked_for),
	    cmocka_unit_test(test_irc_capabilities_go_on_where_a_line_was_full),
	    cmocka_unit_test(test_irc_capabilities_are_granted_all_or_none),
	    cmocka_unit_test(test_irc_capabilities_that_are_not_offered_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
