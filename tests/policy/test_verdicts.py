"""Verdicts as a person reads them."""

from __future__ import annotations

from tests.model.policy_worlds import key

from tallystick.policy import Judge, Policy
from tallystick.testing.world import World

ME, ANA, BO, CY, MAL = (key(n) for n in range(5))
NAMES = {ME: "you", ANA: "Ana", BO: "Bo", CY: "Cy", MAL: "Mallory"}


def names(id: bytes) -> str:
    return NAMES.get(id, "the note")


def world() -> World:
    made = World()
    for person in (ME, ANA, BO, CY, MAL):
        made.write(person, "log/create" if person == ME else "note")
    return made


def judge_of(made: World, **parameters: object) -> Judge:
    mine = tuple(s for s in made.statements if s.voter == ME)
    policy = Policy(ME, made.genesis, max_depth=2, **parameters).with_statements(mine)
    return Judge(policy, made, made.statements)


def test_a_ban_names_who_banned_and_how_they_came_to_speak():
    made = world()
    made.say(ME, "adopt", ANA, depth=1)
    made.say(ANA, "adopt", BO)
    made.say(BO, "ban", MAL)
    verdict = judge_of(made).actor_verdict(MAL)
    assert verdict.sentence(names) == (
        "Mallory is not heeded; because of people you heed: Bo banned Mallory "
        "(Ana adopted Bo and you adopted Ana)."
    )
    assert all(cause.necessary for cause in verdict.causes)
    assert [(c.rank, c.branch, c.weight) for c in verdict.causes[:1]] == [(2, ANA, 1)]


def test_two_bans_where_one_is_enough_are_redundant():
    made = world()
    for friend in (ANA, BO):
        made.say(ME, "adopt", friend)
        made.say(friend, "ban", MAL)
    verdict = judge_of(made).actor_verdict(MAL)
    assert not any(cause.necessary for cause in verdict.causes)
    assert "Ana banned Mallory and Bo banned Mallory" in verdict.sentence(names)
    assert judge_of(made, threshold=2).standing().banned[MAL].causes[0].necessary


def test_a_verdict_that_is_not_thorough_names_the_votes_and_marks_nothing():
    made = world()
    made.say(ME, "adopt", ANA)
    made.say(ANA, "ban", MAL)
    judge = judge_of(made)
    quick, thorough = (judge.actor_verdict(MAL, thorough=flag) for flag in (False, True))
    assert [c.statement for c in quick.causes] == [c.statement for c in thorough.causes]
    assert not any(c.necessary for c in quick.causes)
    assert (quick.complete, thorough.complete) == (False, True)
    note = next(e.id for e in made.events if e.author == MAL)
    assert judge.event_verdict(note, thorough=False).reason == "actor-tally"


def test_a_ban_that_silences_somebody_is_named_aside():
    made = world()
    made.say(ME, "adopt", ANA, depth=1)
    made.say(ME, "ban", BO)
    made.say(ANA, "adopt", BO)
    made.say(BO, "ban", MAL)
    verdict = judge_of(made).actor_verdict(MAL)
    assert verdict.included
    assert [(c.verb, c.voter, c.aside, c.necessary) for c in verdict.causes] == [
        ("ban", ME, True, True)
    ]
    assert verdict.complete


def test_a_withdraw_without_which_a_ban_would_hold_is_named_aside():
    made = world()
    made.say(ME, "adopt", ANA)
    ban = made.say(ANA, "ban", MAL)
    gone = made.say(ANA, "withdraw", ban.id)
    verdict = judge_of(made).actor_verdict(MAL)
    assert [(c.statement, c.aside) for c in verdict.causes] == [(gone.id, True)]


def test_contested_says_by_whom():
    made = world()
    for friend, other in ((ANA, BO), (BO, ANA)):
        made.say(ME, "adopt", friend)
        made.say(friend, "ban", other)
    verdict = judge_of(made).actor_verdict(ANA)
    assert verdict.sentence(names).endswith("contested by Bo.")


def test_an_event_says_what_became_of_it():
    made = world()
    note = made.write(ANA, "note")
    assert judge_of(made).event_verdict(note).sentence(names) == (
        "the note counts; because nobody you heed says otherwise."
    )
    made.say(ANA, "retract", note)
    assert judge_of(made).event_verdict(note).sentence(names) == (
        "the note does not count; because its author took it back: Ana retracted the note."
    )
    made.say(ME, "ban", MAL)
    other = next(e.id for e in made.events if e.author == MAL)
    assert "your own word about its author: you banned Mallory" in judge_of(made).event_verdict(
        other
    ).sentence(names)


def test_an_event_that_is_not_here_does_not_count():
    verdict = judge_of(world()).event_verdict(b"?" * 32)
    assert (verdict.included, verdict.causes) == (False, ())


def test_what_if_names_the_actors_whose_verdict_would_change():
    made = world()
    made.say(ME, "adopt", ANA)
    made.say(ANA, "ban", MAL)
    judge = judge_of(made)
    said = made.statements[0]._replace(id=b"x" * 32, seq=9, verb="allow", target=MAL)
    preview = judge.what_if(said)
    ((actor, (before, after)),) = preview.actors.items()
    assert (actor, before.included, after.included) == (MAL, False, True)
    assert [flip.weight for flip in preview.flips] == [1]
    assert preview.flips[0].cause == ("statement", said.id)
    assert not judge.actor_verdict(MAL).included
