/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape that is looked for, MediaWiki's IRCColourfulRCFeedFormatter:
 *
 *   ^C14[[^C07TITLE^C14]]^C4 FLAGS^C10 ^C02URL^C ^C5*^C ^C03USER^C ^C5*^C SIZE ^C10COMMENT^C
 *
 * The comment begins with the first "^C10" behind the second "^C5*^C": a log's
 * comment has further ones, around the title it names.
 */
#include "protocols/irc/irc_encode.h"

#include <string.h>

#include "protocols/encodings.h"
#include "protocols/irc/irc_message.h"
#include "server/base/memory.h"
#include "server/base/utf8.h"

#define COLOUR      "\003"
#define LINE_START  COLOUR "14[[" COLOUR "07"
#define TITLE_END   COLOUR "14]]"
#define STAR        COLOUR "5*" COLOUR
#define COMMENT     COLOUR "10"
#define COMMENT_END COLOUR
#define ELLIPSIS    "\xe2\x80\xa6"

/* A line's parts, end to end. */
struct shape {
	struct text start; /* up to the title */
	struct text title;
	struct text fields; /* from the title to the comment */
	struct text comment;
	struct text end; /* the final ^C; empty when there is none */
};

/* Take all before the first `mark`, or with it; false when it is not there. */
static bool take_up_to(struct text *from, const char *mark, bool with_mark, struct text *taken)
{
	const char *place = memmem(from->bytes, from->length, mark, strlen(mark));

	if (place == NULL) {
		return false;
	}
	*taken = (struct text){from->bytes, (size_t)(place - from->bytes)};
	if (with_mark) {
		taken->length += strlen(mark);
	}
	from->bytes += taken->length;
	from->length -= taken->length;
	return true;
}

static bool ends_in_colour(struct text text)
{
	return text.length > 0 && text.bytes[text.length - 1] == COMMENT_END[0];
}

static bool find_shape(struct text text, struct shape *shape)
{
	struct text head, first, second, size;

	if (text.length < strlen(LINE_START) ||
	    memcmp(text.bytes, LINE_START, strlen(LINE_START)) != 0 ||
	    !take_up_to(&text, LINE_START, true, &shape->start) ||
	    !take_up_to(&text, TITLE_END, false, &shape->title)) {
		return false;
	}
	head = text;
	if (!take_up_to(&text, STAR, true, &first) || !take_up_to(&text, STAR, true, &second) ||
	    !take_up_to(&text, COMMENT, true, &size)) {
		return false;
	}
	shape->fields = (struct text){head.bytes, first.length + second.length + size.length};
	shape->end = (struct text){text.bytes + text.length, 0};
	if (ends_in_colour(text)) {
		shape->end.bytes--;
		shape->end.length++;
		text.length--;
	}
	shape->comment = text;
	return true;
}

/* A colour code cut in two would be another colour, or take a digit of what follows. */
static size_t without_torn_colour(const char *bytes, size_t length)
{
	for (size_t back = 1; back <= 2 && back <= length; back++) {
		if (bytes[length - back] == COLOUR[0]) {
			return length - back;
		}
	}
	return length;
}

static void append(struct buffer *out, struct text text)
{
	buffer_append(out, text.bytes, text.length);
}

/* Add as much as fits, with an ellipsis where it ends early; nothing where not even that fits. */
static void append_cut(struct buffer *out, struct text text, size_t length_max)
{
	if (text.length <= length_max) {
		append(out, text);
	} else if (length_max >= strlen(ELLIPSIS)) {
		size_t cut = utf8_cut(text.bytes, text.length, length_max - strlen(ELLIPSIS));

		buffer_append(out, text.bytes, without_torn_colour(text.bytes, cut));
		buffer_append_text(out, ELLIPSIS);
	}
}

void irc_encode_text(struct buffer *out, struct text text, size_t length_max)
{
	struct shape shape;
	size_t frame, room, title_length;

	if (text.length <= length_max) {
		append(out, text);
		return;
	}
	if (!find_shape(text, &shape) ||
	    (frame = shape.start.length + shape.fields.length + shape.end.length) > length_max) {
		buffer_append(out, text.bytes, utf8_cut(text.bytes, text.length, length_max));
		return;
	}
	room = length_max - frame;
	title_length = shape.title.length < room ? shape.title.length : room;
	append(out, shape.start);
	append_cut(out, shape.title, title_length);
	append(out, shape.fields);
	append_cut(out, shape.comment, room - title_length);
	append(out, shape.end);
}

static void on_encode(const struct encoder *base, const struct change *change, struct buffer *out)
{
	const struct irc_encoder *encoder =
	    container_of((struct encoder *)base, struct irc_encoder, encoder);
	const struct irc_channel *channel = irc_channels_find(encoder->channels, change->channel);
	size_t start = out->length;
	size_t room;

	if (change->line.bytes == NULL || channel == NULL) {
		return;
	}
	buffer_printf(out, ":%s PRIVMSG %s :", encoder->source, channel->name);
	room = IRC_TEXT_MAX - (out->length - start);
	if (change->line.length > room) {
		metric_add(encoder->lines_cut, 1);
	}
	irc_encode_text(out, change->line, room);
	irc_line_end(out, start);
}

void irc_encoder_init(struct irc_encoder *encoder, const char *source,
                      const struct irc_channels *channels, metric *lines_cut)
{
	*encoder = (struct irc_encoder){
	    .encoder = {.name = "irc.privmsg", .slot = ENCODING_IRC_PRIVMSG, .encode = on_encode},
	    .source = source,
	    .channels = channels,
	    .lines_cut = lines_cut,
	};
}
