/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_name.h"

#include <string.h>

#include "server/feed/wiki_name.h"

#define SPACES " \t"

bool irc_name_next(const char **list, struct irc_name *name)
{
	size_t length;

	*list += strspn(*list, "," SPACES);
	length = strcspn(*list, ",");
	memcpy(name->text, *list, length);
	*list += length;
	while (length > 0 && strchr(SPACES, name->text[length - 1]) != NULL) {
		length--;
	}
	name->text[length] = '\0';
	return length > 0;
}

/* tolower() asks the locale. */
char irc_name_fold(char character)
{
	if (character >= 'A' && character <= 'Z') {
		return (char)(character - 'A' + 'a');
	}
	return character;
}

bool irc_name_equals(const char *left, const char *right)
{
	while (*left != '\0' && irc_name_fold(*left) == irc_name_fold(*right)) {
		left++;
		right++;
	}
	return irc_name_fold(*left) == irc_name_fold(*right);
}

bool irc_name_has_wildcard(const char *text)
{
	return strpbrk(text, "*?") != NULL;
}

/* It is a channel once its wildcards are letters. */
bool irc_name_is_mask(struct text name)
{
	char plain[WIKI_CHANNEL_MAX];
	bool has_wildcard = false;

	if (name.length > sizeof(plain)) {
		return false;
	}
	for (size_t i = 0; i < name.length; i++) {
		bool is_wildcard = name.bytes[i] == '*' || name.bytes[i] == '?';

		plain[i] = name.bytes[i];
		if (is_wildcard && i > 0) {
			plain[i] = 'x';
			has_wildcard = true;
		}
	}
	return has_wildcard && wiki_channel_is_valid(plain, name.length);
}

/*
 * With one remembered star: when what follows it does not fit, it takes a character
 * more.  An earlier star never needs to be tried again.
 */
bool irc_name_matches(const char *mask, const char *name)
{
	const char *behind_star = NULL;
	const char *star_takes_to = name;

	while (*name != '\0') {
		if (*mask == '*') {
			behind_star = ++mask;
			star_takes_to = name;
		} else if (*mask != '\0' &&
		           (*mask == '?' || irc_name_fold(*mask) == irc_name_fold(*name))) {
			mask++;
			name++;
		} else if (behind_star != NULL) {
			mask = behind_star;
			name = ++star_takes_to;
		} else {
			return false;
		}
	}
	return mask[strspn(mask, "*")] == '\0';
}
