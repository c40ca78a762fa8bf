/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/memory: what it gives, and how the process ends when it cannot. */
#include "server/base/memory.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Run `act` in a child that must abort; its standard error goes to `said`. */
static void assert_aborts(void (*act)(void), char *said, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int pipe_ends[2];
	int status;
	pid_t child;

	assert_int_equal(pipe(pipe_ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit no_core = {0};

		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(pipe_ends[1], STDERR_FILENO);
		act();
		_exit(0);
	}
	(void)close(pipe_ends[1]);
	while ((got = read(pipe_ends[0], said + length, size - 1 - length)) > 0) {
		length += (size_t)got;
	}
	said[length] = '\0';
	(void)close(pipe_ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* memory.h: what is given is zero throughout. */
static void test_memory_new_is_zeroed(void **state)
{
	static const unsigned char zeroes[4096];
	unsigned char *bytes = mem_zeroed(sizeof(zeroes));
	struct {
		void *pointer;
		int number;
	} *object = mem_zeroed(sizeof(*object));

	(void)state;
	assert_memory_equal(bytes, zeroes, sizeof(zeroes));
	assert_null(object->pointer);
	assert_int_equal(object->number, 0);
	free(object);
	free(bytes);
}

/* memory.h: resizing keeps what was there, up to the smaller size; NULL is nothing yet. */
static void test_memory_resize_keeps_the_bytes(void **state)
{
	char *bytes = mem_resize(NULL, 4);

	(void)state;
	memcpy(bytes, "abc", 4);
	bytes = mem_resize(bytes, 100000);
	assert_string_equal(bytes, "abc");
	bytes = mem_resize(bytes, 2);
	assert_memory_equal(bytes, "ab", 2);
	free(bytes);
}

/* memory.h: a copy has `length` bytes and a NUL, wherever the original ends. */
static void test_memory_copies_text_with_a_nul_behind_it(void **state)
{
	char *part = mem_copy_text("#en.wikipedia rest", 13);
	char *with_nul = mem_copy_text("a\0b", 3);
	char *empty = mem_copy_text(NULL, 0);

	(void)state;
	assert_string_equal(part, "#en.wikipedia");
	assert_memory_equal(with_nul, "a\0b", 4);
	assert_string_equal(empty, "");
	free(empty);
	free(with_nul);
	free(part);
}

/* memory.h: from an embedded member back to its object, whichever member it is. */
static void test_memory_container_of_finds_the_object(void **state)
{
	struct object {
		char first;
		int second;
	} object = {0};
	int *second = &object.second;

	(void)state;
	assert_ptr_equal(container_of(second, struct object, second), &object);
	assert_ptr_equal(container_of(&object.first, struct object, first), &object);
}

static void require_a_contradiction(void)
{
	int one = 1;

	require(one + one == 3);
}

/* memory.h: a programmer's error ends the process and says where and what, in release too. */
static void test_memory_require_ends_the_process_with_the_place(void **state)
{
	char said[512];

	(void)state;
	require(1 + 1 == 2);
	assert_aborts(require_a_contradiction, said, sizeof(said));
	assert_non_null(strstr(said, "test_memory.c:"));
	assert_non_null(strstr(said, "one + one == 3"));
}

static void ask_for_everything(void)
{
	volatile size_t size = SIZE_MAX / 4;

	free(mem_zeroed(size));
}

static void resize_to_everything(void)
{
	volatile size_t size = SIZE_MAX / 4;

	free(mem_resize(NULL, size));
}

/* memory.h: memory that is not there ends the process, with the size on standard error. */
static void test_memory_that_is_not_there_ends_the_process(void **state)
{
	char said[16384];

	(void)state;
	assert_aborts(ask_for_everything, said, sizeof(said));
	assert_non_null(strstr(said, "out of memory (4611686018427387903 bytes wanted)"));
	assert_aborts(resize_to_everything, said, sizeof(said));
	assert_non_null(strstr(said, "out of memory (4611686018427387903 bytes wanted)"));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/* The sanitizers' allocators end the process of their own accord; here they must return NULL. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_new_is_zeroed),
	    cmocka_unit_test(test_memory_resize_keeps_the_bytes),
	    cmocka_unit_test(test_memory_copies_text_with_a_nul_behind_it),
	    cmocka_unit_test(test_memory_container_of_finds_the_object),
	    cmocka_unit_test(test_memory_require_ends_the_process_with_the_place),
	    cmocka_unit_test(test_memory_that_is_not_there_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
