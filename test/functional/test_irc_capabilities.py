# SPDX-License-Identifier: Apache-2.0
"""IRCv3 capability negotiation, and what the capabilities change (docs/protocols/irc.md)."""

import pytest

from irc_channels import SOURCE, answers, join, make_channels, registered
from irc_tags import request, tagged_answers, untagged

OFFERED = (
    "batch cap-notify draft/chathistory echo-message extended-join labeled-response message-tags"
    " multi-prefix rcstreamd.alt/change server-time setname standard-replies userhost-in-names"
)


@pytest.fixture
def run(server):
    run = server()
    make_channels(run, "#en.wikipedia")
    return run


# --- the negotiation ---


@pytest.mark.parametrize("version", ["", " 301", " x"])
def test_irc_cap_ls_is_one_line_of_names(run, version):
    client = run.irc()
    client.send(f"CAP LS{version}")
    client.expect_next(rf"^:localhost CAP \* LS :{OFFERED}$")


@pytest.mark.parametrize("version", ["302", "303", "99999999999999999999"])
def test_irc_cap_ls_302_has_values(run, version):
    client = run.irc()
    client.send(f"CAP LS {version}")
    offered = OFFERED.replace("/change", "/change=json")
    client.expect_next(rf"^:localhost CAP \* LS :{offered}$")


@pytest.mark.parametrize("begin", ["CAP LS 302", "CAP LS", "CAP REQ :setname", "CAP REQ :sasl"])
def test_irc_registration_waits_for_the_end_of_the_negotiation(run, begin):
    client = run.irc()
    client.send(begin)
    client.expect_next(r"^:localhost CAP \* (LS|ACK|NAK) :")
    client.send("NICK reader")
    client.send("USER reader 0 * :A reader")
    client.expect_nothing()
    client.send("CAP REQ :server-time")
    client.expect_next(r"^:localhost CAP reader ACK :server-time$")
    client.send("CAP END")
    client.expect_next(r"^@time=\S+ :localhost 001 reader ")


def test_irc_cap_list_alone_does_not_hold_registration_up(run):
    client = run.irc()
    client.send("CAP LIST")
    client.expect_next(r"^:localhost CAP \* LIST :$")
    client.register()


def test_irc_cap_is_taken_after_registration_too(run):
    client = registered(run, "reader")
    assert answers(client, "CAP REQ :setname batch") == [
        ":localhost CAP reader ACK :setname batch"
    ]
    assert answers(client, "CAP REQ :-batch sasl") == [":localhost CAP reader NAK :-batch sasl"]
    assert answers(client, "CAP LIST") == [":localhost CAP reader LIST :batch setname"]
    assert answers(client, "CAP END") == []
    assert answers(client, "CAP CLEAR") == [":localhost 410 reader CLEAR :Invalid CAP command"]


def test_irc_cap_notify_stays_for_who_knows_302(run):
    client = registered(run, "reader")
    assert answers(client, "CAP REQ :cap-notify")[0].endswith(" ACK :cap-notify")
    assert answers(client, "CAP REQ :-cap-notify")[0].endswith(" ACK :-cap-notify")
    answers(client, "CAP LS 302")
    assert answers(client, "CAP REQ :-cap-notify")[0].endswith(" NAK :-cap-notify")
    assert answers(client, "CAP LIST") == [":localhost CAP reader LIST :cap-notify"]


# --- what they change ---


def test_irc_extended_join_and_userhost_in_names(run):
    client = request(registered(run, "reader"), "extended-join", "userhost-in-names")
    lines = join(client, "#en.wikipedia")
    assert lines[0] == ":reader!reader@localhost JOIN #en.wikipedia * :reader"
    assert lines[3] == (
        f":localhost 353 reader = #en.wikipedia :reader!reader@localhost @{SOURCE}"
    )


def test_irc_setname_shows_in_whois(run):
    client = registered(run, "reader")
    assert "NAMELEN=128" in next(line for line in client.lines if " 005 " in line).split()
    assert answers(client, "SETNAME :Not told") == []
    request(client, "setname")
    assert answers(client, "SETNAME :Zoë") == [":reader!reader@localhost SETNAME :Zoë"]
    assert answers(client, "WHOIS reader")[0].endswith(" * :Zoë")
    assert answers(client, f"SETNAME :{'x' * 129}") == [
        ":localhost FAIL SETNAME INVALID_REALNAME :Realname is not valid"
    ]


def test_irc_echo_message_is_another_copy(run):
    client = registered(run, "reader")
    said = ":reader!reader@localhost PRIVMSG reader :hi"
    assert answers(client, "PRIVMSG reader :hi") == [said]
    assert answers(client, "PRIVMSG rc-pmtpa :hi") == []
    request(client, "echo-message")
    assert answers(client, "PRIVMSG reader :hi") == [said, said]
    assert answers(client, "PRIVMSG rc-pmtpa :hi") == [
        ":reader!reader@localhost PRIVMSG rc-pmtpa :hi"
    ]
    assert answers(client, "PRIVMSG #en.wikipedia :hi") == [
        ":localhost 404 reader #en.wikipedia :Cannot send to channel"
    ]


# --- labelled responses ---


def test_irc_labelled_commands_are_answered_by_label(run):
    client = request(registered(run, "reader"), "batch", "labeled-response")
    assert tagged_answers(client, "@label=1 PONG x") == [({"label": "1"}, ":localhost ACK")]
    assert tagged_answers(client, "@label=a\\:\\sb TOPIC #x") == [
        ({"label": "a; b"}, ":localhost 442 reader #x :You're not on that channel")
    ]
    assert tagged_answers(client, "PING x") == [({}, ":localhost PONG localhost :x")]


def test_irc_labelled_command_with_many_lines_is_a_batch(run):
    client = request(registered(run, "reader"), "batch", "labeled-response", "server-time")
    lines = tagged_answers(client, "@label=xyz JOIN #en.wikipedia")
    (first, start), *middle, (last, end) = lines
    assert first["label"] == "xyz" and "batch" not in first
    reference = start.removeprefix(":localhost BATCH +").removesuffix(" labeled-response")
    assert end == f":localhost BATCH -{reference}"
    assert "batch" not in last and "label" not in last
    assert [line.split(" ")[1] for _, line in middle] == ["JOIN", "332", "333", "353", "366"]
    assert all(tags["batch"] == reference and "label" not in tags for tags, _ in middle)
    assert all("time" in tags for tags, _ in lines)


def test_irc_change_between_labelled_commands_is_in_no_batch(run):
    client = request(registered(run, "reader"), "batch", "labeled-response")
    join(client, "#en.wikipedia")
    for number in range(20):
        client.send(f"@label={number} WHOIS reader")
        run.send_rc2udp("#en.wikipedia", f"change {number}")
    for _ in range(20):
        client.expect(r"BATCH -")
    client.send("PING :end")
    client.expect(r":end$")
    changes = [line for line in client.lines if " PRIVMSG #" in line]
    assert all(line.startswith(f":{SOURCE} ") for line in changes)


def test_irc_label_without_the_capabilities_means_nothing(run):
    client = registered(run, "reader")
    assert answers(client, "@label=1 PONG x") == []
    request(client, "labeled-response")
    assert answers(client, "@label=1 PONG x") == []
    assert untagged(answers(client, "@label=1 WHOWAS x")) == answers(client, "WHOWAS x")
