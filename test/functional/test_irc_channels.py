# SPDX-License-Identifier: Apache-2.0
"""Channels that clients join without a change: by masks, from the configuration, in advance.

Clients are spread over two workers, whose channels must not differ.
"""

import pytest

from irc_channels import answers, join, make_channels, registered, says
from rcstreamd import make_change

CLIENTS = 8  # the kernel deals them out to both workers


def numerics(lines):
    return " ".join(line.split(" ")[1] for line in lines)


def clients_in(run, *names):
    """Clients that are told that they have joined each of these."""
    clients = [registered(run, f"reader{i}") for i in range(CLIENTS)]
    for client in clients:
        for name in names:
            assert numerics(answers(client, f"JOIN {name}")) == "JOIN 332 333 353 366"
    return clients


def test_irc_mask_brings_changes_of_all_it_fits_once(server):
    run = server()
    make_channels(run, "#en.wikipedia", "#De.Wikipedia", "#en.wiktionary")
    clients = clients_in(run, "#*.wikipedia", "#en.*", "#en.wikipedia")
    run.send_rc2udp("#EN.wikipedia", "one")
    run.send_rc2udp("#de.wikipedia", "two")
    run.send_rc2udp("#de.wiktionary", "makes a channel that no mask fits")
    run.send_rc2udp("#de.wiktionary", "and says something there")
    run.send_rc2udp("#en.wiktionary", "three")
    for client in clients:
        for line in (
            says("#en.wikipedia", "one"),
            says("#De.Wikipedia", "two"),
            says("#en.wiktionary", "three"),
        ):
            assert client.read_line() == line


def test_irc_mask_brings_the_first_change_of_a_channel(server):
    run = server()
    clients = clients_in(run, "#*")
    run.send_rc2udp("#New.Wiki", "first")
    run.send_rc2udp("#new.wiki", "second")
    for client in clients:
        assert client.read_line() == says("#New.Wiki", "first")
        assert client.read_line() == says("#New.Wiki", "second")
        assert join(client, "#new.wiki")[0].endswith(" JOIN #New.Wiki")


def test_irc_masks_are_limited_and_left(server):
    run = server(irc={"max_masks": 2, "max_joined": 3})
    client = registered(run, "reader")
    assert {"MASKJOIN=2", "CHANLIMIT=#:3"} <= set(" ".join(client.lines).split(" "))
    assert numerics(answers(client, "JOIN #a*,#b*,#c*")).split(" ").count("JOIN") == 2
    assert answers(client, "JOIN #c*") == [
        ":localhost 405 reader #c* :You have joined too many channels"
    ]
    assert answers(client, "PART #a*") == [":reader!reader@localhost PART #a*"]
    assert answers(client, "JOIN 0") == [":reader!reader@localhost PART #b*"]
    assert numerics(answers(client, "JOIN #c*")).startswith("JOIN")


def test_irc_mask_comes_from_json_too(server):
    run = server()
    client = registered(run, "reader")
    answers(client, "JOIN #*.wikipedia")
    run.send_rcfeed(make_change(server_name="fr.wikipedia.org", wiki="frwiki"))
    assert client.read_line().startswith(":rc-pmtpa!rc-pmtpa@localhost PRIVMSG #fr.wikipedia :")


def test_irc_listed_channels_exist_from_the_start(server):
    run = server(irc={"channels": ["#en.wikipedia", "#Commons.wikimedia"]})
    clients = clients_in(run, "#en.wikipedia", "#commons.wikimedia")
    assert numerics(answers(clients[0], "LIST")) == "322 322 323"
    assert numerics(answers(clients[0], "JOIN #de.wikipedia")) == "403"
    run.send_rc2udp("#COMMONS.wikimedia", "the very first")
    for client in clients:
        assert client.read_line() == says("#Commons.wikimedia", "the very first")


def test_irc_unknown_channel_can_be_waited_in_if_the_operator_allows(server):
    run = server(irc={"join_unknown": True})
    clients = [registered(run, f"reader{i}") for i in range(CLIENTS)]
    for number, client in enumerate(clients):
        name = ("#FR.wikipedia", "#fr.WIKIPEDIA")[number % 2]
        assert numerics(answers(client, f"JOIN {name}")) == "JOIN 332 333 353 366"
    outsider = registered(run, "outsider")
    assert numerics(answers(outsider, "LIST")) == "323"
    run.send_rc2udp("#Fr.Wikipedia", "first")
    run.send_rc2udp("#fr.wikipedia", "second")
    for client in clients:
        assert client.read_line() == says("#Fr.Wikipedia", "first")
        assert client.read_line() == says("#Fr.Wikipedia", "second")
    assert join(outsider, "#fr.wikipedia")[0].endswith(" JOIN #Fr.Wikipedia")


@pytest.mark.parametrize("name", ["en.wikipedia", "#", "#a b", "#*", "#" + 50 * "x"])
def test_irc_listed_channels_must_be_channels(server, name):
    with pytest.raises(AssertionError, match="is not a channel"):
        server(irc={"channels": [name]})


def test_irc_admin_is_told_as_configured(server):
    run = server(irc={"admin": ["Example", "irc@example.org"]})
    client = registered(run, "reader")
    assert answers(client, "ADMIN") == [
        ":localhost 256 reader localhost :Administrative info",
        ":localhost 257 reader :Example",
        ":localhost 258 reader :irc@example.org",
    ]
