# SPDX-License-Identifier: Apache-2.0
"""What a client is answered, seen from outside; test/protocols/irc has the rest to the byte."""

import re

import pytest

from irc_channels import SOURCE, answers, join, make_channels, registered


@pytest.fixture
def run(server):
    run = server()
    make_channels(run, "#en.wikipedia", "#De.Wikipedia")
    return run


def test_irc_welcome_is_in_order(run):
    client = run.irc()
    client.send("NICK reader")
    client.send("USER reader 0 * :A reader")
    client.expect(r"^:localhost 221 reader \+i$")
    numerics = [int(line.split(" ")[1]) for line in client.lines]
    assert [n for n in numerics if n != 372] == (
        [1, 2, 3, 4, 5, 5, 251, 252, 253, 254, 255, 265, 266, 375, 376, 221]
    )
    lines = [line.partition(" :")[0].split(" ")[3:] for line in client.lines[4:6]]
    assert max(map(len, lines)) <= 13
    isupport = lines[0] + lines[1]
    assert {"NETWORK=rcstreamd", "CASEMAPPING=ascii", "CHANTYPES=#"} <= set(isupport)
    assert {"NICKLEN=30", "CHANNELLEN=50", "PREFIX=(ov)@+", "SAFELIST"} <= set(isupport)
    assert {"UTF8ONLY", "WHOX", "ELIST=MNU", "MASKJOIN=10"} <= set(isupport)


def test_irc_lusers_counts_the_clients_of_all_workers(run):
    clients = [registered(run, f"reader{i}") for i in range(10)]
    run.irc()  # connected, and that is all
    for client in clients:
        lines = answers(client, "LUSERS")
        assert lines[0].endswith(":There are 0 users and 10 invisible on 1 servers")
        assert re.search(r" 254 \S+ 2 :", lines[3])
        assert lines[4].endswith(":I have 10 clients and 0 servers")


def test_irc_join_shows_topic_and_names(run):
    client = registered(run, "reader")
    lines = join(client, "#EN.wikipedia")
    assert lines[0] == ":reader!reader@localhost JOIN #en.wikipedia"
    assert lines[1] == ":localhost 332 reader #en.wikipedia :Stream for topic #en.wikipedia"
    assert re.fullmatch(rf":localhost 333 reader #en\.wikipedia {re.escape(SOURCE)} \d+", lines[2])
    assert lines[3] == ":localhost 353 reader = #en.wikipedia :reader @rc-pmtpa"
    assert lines[4] == ":localhost 366 reader #en.wikipedia :End of /NAMES list"
    assert answers(client, "JOIN #en.wikipedia") == []


TABLE = [
    # what a member of #en.wikipedia sends, and the numerics and commands that answer
    ("JOIN #x,#,en.wikipedia", "403 403 403"),
    ("JOIN 0", "PART"),
    ("PART #de.wikipedia", "442"),
    ("TOPIC #en.wikipedia", "332 333"),
    ("TOPIC #en.wikipedia :mine", "482"),
    ("TOPIC #de.wikipedia", "442"),
    ("NAMES #en.wikipedia", "353 366"),
    ("NAMES #x", "366"),
    ("NAMES", "366"),
    ("LIST", "322 322 323"),
    ("LIST #x,#de.wikipedia", "322 323"),
    ("LIST *.wikipedia", "322 322 323"),
    ("LIST !#de.*", "322 323"),
    ("LIST >1", "322 323"),
    ("JOIN #*", "JOIN 332 333 353 366"),
    ("JOIN #[a-z]*", "403"),
    ("TOPIC #*", "442"),
    ("NAMES #*", "366"),
    ("MODE #en.wikipedia", "324"),
    ("MODE #x +b", "368"),
    ("MODE #en.wikipedia b", "368"),
    ("MODE #en.wikipedia +o reader", "482"),
    ("MODE reader", "221"),
    ("MODE reader +i", ""),
    ("MODE rc-pmtpa", "502"),
    ("MODE x", "401"),
    ("WHO #en.wikipedia", "352 352 315"),
    ("WHO #de.wikipedia", "352 315"),
    ("WHO #en.wikipedia %tna,1", "354 354 315"),
    ("WHO x", "315"),
    ("WHO", "352 352 315"),
    ("WHOIS reader", "311 312 317 318"),
    ("WHOIS rc-pmtpa", "311 312 317 318"),
    ("WHOIS x", "401 318"),
    ("WHOIS", "431"),
    ("WHOWAS x", "406 369"),
    ("USERHOST reader", "302"),
    ("PRIVMSG #en.wikipedia :hi", "404"),
    ("PRIVMSG rc-pmtpa :\x01VERSION\x01", ""),
    ("PRIVMSG reader :hi", "PRIVMSG"),
    ("PRIVMSG x :hi", "401"),
    ("PRIVMSG  :", "461"),
    ("NOTICE #en.wikipedia,x :hi", ""),
    ("NOTICE reader :hi", "NOTICE"),
    ("NICK a.b", "432"),
    ("NICK rc-pmtpa", "NICK"),
    ("NICK", "431"),
    ("USER a b c :d", "462"),
    ("USER a b", "461"),
    ("PASS x", "462"),
    ("PING x", "PONG"),
    ("PING", "409"),
    ("PONG x", ""),
    ("MOTD", "375 372 376"),
    ("LUSERS", "251 252 253 254 255 265 266"),
    ("ISON reader x", "303"),
    ("ISON", "461"),
    ("AWAY :gone", "306"),
    ("AWAY", "305"),
    ("TIME", "391"),
    ("TIME other.example.org", "402"),
    ("VERSION", "351 005 005"),
    ("ADMIN", "423"),
    ("INFO", "371 371 371 374"),
    ("STATS u", "242 219"),
    ("STATS l", "219"),
    ("LINKS", "364 365"),
    ("HELP JOIN", "704 705 706"),
    ("HELPOP KICK", "524"),
    ("OPER root secret", "491"),
    ("KICK #en.wikipedia reader", "421"),
    ("INVITE reader #en.wikipedia", "421"),
    ("CAP LS 302", "CAP"),
    ("CAP REQ :no-such-thing", "CAP"),
    ("CAP FOO", "410"),
    ("__INIT__", "421"),
    ("\u00e9", "421"),
    (":source", ""),
]


def test_irc_commands_are_answered(run):
    for line, wanted in TABLE:
        client = registered(run, "reader")
        join(client, "#en.wikipedia")
        got = " ".join(answer.split(" ")[1] for answer in answers(client, line))
        assert got == wanted, f"{line!r} was answered with {client.lines[-8:]}"
        client.close()


def test_irc_unregistered_clients_are_refused(run):
    client = run.irc()
    for line in ("JOIN #en.wikipedia", "LIST", "FOO"):
        assert answers(client, line) == [":localhost 451 * :You have not registered"]
    for line in ("PASS x", "PONG x", "NICK reader"):
        assert answers(client, line) == []
    client.send("USER u 0 * :r")
    client.expect(" 376 reader ")


def test_irc_cap_holds_registration_up(run):
    client = run.irc()
    assert re.fullmatch(r":localhost CAP \* LS :[a-z0-9/=. -]*", answers(client, "CAP LS 302")[0])
    client.send("NICK reader")
    assert answers(client, "USER u 0 * :r") == []
    assert answers(client, "CAP REQ :no-such-thing") == [
        ":localhost CAP reader NAK :no-such-thing"
    ]
    client.send("CAP END")
    client.expect(" 001 reader ")


def test_irc_nicks_are_not_unique(run):
    for nick in ("reader", "reader", "rc-pmtpa"):
        client = registered(run, nick)
        assert join(client, "#en.wikipedia")[3].endswith(f" :{nick} @rc-pmtpa")


def test_irc_whois_shows_an_address_that_is_no_last_parameter(server):
    run = server(irc={"listen": ["[::1]:0"]})
    client = registered(run, "reader")
    assert answers(client, "WHOIS reader")[0].split(" ")[5] == "0::1"
    assert answers(client, "USERHOST reader") == [":localhost 302 reader :reader=+reader@::1"]


def test_irc_quit_is_answered_and_ends(run):
    client = registered(run, "reader")
    client.send_bytes(b"QUIT :so long\r\nPING never\r\n")
    client.expect_next(r"^ERROR :Closing Link: \(Quit: so long\)$")
    client.expect_ended()
    assert not any("never" in line for line in client.lines)


def test_irc_client_without_pong_is_ended(server):
    run = server(irc={"ping_timeout": 5, "registration_timeout": 3})
    silent = run.irc()
    client, dead = registered(run, "alive"), registered(run, "dead")
    for _ in range(6):  # every quarter of five seconds
        client.expect_next(r"^PING :localhost$")
        client.send("PONG :localhost")
    dead.expect(r"^ERROR :Closing Link: \(Ping timeout\)$")
    dead.expect_ended()
    silent.expect_next(r"^ERROR :Closing Link: \(Registration timed out\)$")
    silent.expect_ended()
    assert answers(client, "PING still") == [":localhost PONG localhost :still"]
