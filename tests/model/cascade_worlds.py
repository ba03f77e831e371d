"""Random small worlds in which much is built on much, and people exclude what others build on."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.model.policy_worlds import Scene

from tallystick.testing.world import Event

KINDS = ("note", "note", "note", "review/film", "title/transfer")
WORDS = ("exclude",) * 6 + ("include", "include", "ban", "allow", "adopt", "withdraw", "uphold")


class Built(Scene):
    """Edits over edits in long chains, and words about them."""

    def __init__(self, seed: int, **sizes: int) -> None:
        super().__init__(seed, forks=seed % 4 == 0, **sizes)

    def _one(self) -> None:
        r = self.random
        author = r.choice(self.people)
        if r.random() < 0.5 or not self.edits:
            some = self.edits[-5:] if r.random() < 0.6 else self.edits
            count = min(len(some), r.choice((0, 1, 1, 1, 1, 2)))
            void = "void/value" if r.random() < 0.05 else None
            grounds = [r.choice(self.edits)] if self.edits and r.random() < 0.15 else []
            draft = self.world.draft(
                author,
                r.choice(KINDS),
                void=void,
                over=r.sample(some, count),
                grounds=grounds,
                type=r.choice((None, "home")) if grounds else None,
            )
            self.add(draft)
            self.edits.append(draft.id)
            return
        verb = r.choice(WORDS)
        draft = self.world.draft(author, f"trust/{verb}")
        said = self.statement(verb, draft.id, author, draft.seq)
        if verb in ("exclude", "include", "uphold"):
            said = said._replace(target=r.choice(self.edits))
        if verb == "exclude":
            said = said._replace(cascade=r.random() < 0.75)
        self.add(Event(draft.id, author, draft.seq, draft.prev, draft.kind, statement=said))

    def _parameters(self) -> dict[str, object]:
        r = self.random
        return super()._parameters() | {
            "stance": r.choice(("open", "open", "open", "invited")),
            "threshold": r.choice((1, 1, 1, 2)),
            "max_depth": r.choice((1, 2, 3)),
        }


def built(**sizes: int):
    """Such worlds; Hypothesis shrinks the number of people and events."""
    return st.builds(
        Built,
        st.integers(0, 2**32),
        people=st.integers(2, sizes.get("people", 6)),
        events=st.integers(0, sizes.get("events", 60)),
    )
