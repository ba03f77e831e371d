"""People with several keys, through the front door: two devices, one voice."""

from __future__ import annotations

import pytest

import tallystick
from tallystick.errors import BadInput
from tallystick.identity.did import parse_did_key


@pytest.fixture
def devices(tmp_path):
    """A phone and a laptop of one person, and a stranger, all in one log."""
    with (
        tallystick.open(tmp_path / "phone.tally", create=True) as phone,
        tallystick.open(tmp_path / "laptop.tally", create=True) as laptop,
        tallystick.open(tmp_path / "mal.tally", create=True) as mal,
    ):
        phone.write("note/text", {"text": "first"})
        for one in (laptop, mal):
            hand(phone, one)
            one.write("note/text", {"text": "here"})
            meet(phone, one)
        meet(phone, laptop)
        yield phone, laptop, mal


def hand(giver, taker):
    path = giver.path.parent / "between.bundle"
    path.unlink(missing_ok=True)
    giver.export(path)
    taker.import_bundle(path)


def meet(one, other):
    hand(one, other)
    hand(other, one)


def link(phone, laptop):
    phone.link_key(laptop.did)
    meet(phone, laptop)
    laptop.link_key(phone.did)
    meet(phone, laptop)


def test_a_link_holds_once_both_keys_say_it(devices):
    phone, laptop, _ = devices
    phone.link_key(laptop.did)
    assert not phone.actor(laptop.did).mine
    meet(phone, laptop)
    laptop.link_key(phone.did)
    meet(phone, laptop)
    for one in (phone, laptop):
        found = one.actor("me")
        assert found.mine
        assert set(found.keys) == {phone.did, laptop.did}
        assert found.id == min(found.keys, key=parse_did_key)
        assert [x["counts"] for x in found.links] == [True, True]


def test_the_latest_word_by_either_key_is_mine(devices):
    phone, laptop, mal = devices
    link(phone, laptop)
    phone.ban(mal.did)
    meet(phone, laptop)
    assert not laptop.verdict(mal.did).included
    laptop.allow(mal.did)
    meet(phone, laptop)
    assert phone.verdict(mal.did).included


def test_an_event_of_the_phone_is_retracted_from_the_laptop(devices):
    phone, laptop, mal = devices
    note = phone.write("note/text", {"text": "oops"})
    meet(phone, laptop)
    with pytest.raises(BadInput):
        laptop.retract(note)
    link(phone, laptop)
    laptop.retract(note)
    meet(phone, laptop)
    meet(phone, mal)
    for one in (phone, laptop, mal):
        assert not one.verdict(note).included


def test_a_link_survives_reopening(devices, tmp_path):
    phone, laptop, mal = devices
    link(phone, laptop)
    laptop.ban(mal.did)
    meet(phone, laptop)
    phone.close()
    with tallystick.open(tmp_path / "phone.tally") as again:
        assert again.actor("me").mine
        assert not again.verdict(mal.did).included


def test_what_makes_no_sense_is_refused(devices):
    phone, _, mal = devices
    with pytest.raises(BadInput):
        phone.link_key("me")
    note = mal.write("note/text", {"text": "x"})
    meet(phone, mal)
    with pytest.raises(BadInput):
        phone.repair(note)
