"""Models behind a licence gate: which of a plan's rungs, and whether the hub lets us in."""

from collections.abc import Iterable

from eval.cost import cached
from eval.ladder import Rung


def warnings(rungs: Iterable[Rung], offline: bool) -> list[str]:
    """A line for each licence whose gated repositories are not in the cache nor open to us.

    Asks the hub unless ``offline``; where it does not answer the rest is left unasked.
    """
    hubs = {str(r.hub): r.licence for r in rungs if r.hub and r.gated}
    closed: dict[tuple[str, str], list[str]] = {}
    asking = not offline
    for hub, licence in hubs.items():
        if cached(hub, None):
            continue
        answer = _ask(hub) if asking else None
        asking = asking and answer is not None
        if answer != "open":
            closed.setdefault((licence, answer or "access not checked"), []).append(hub)
    return [
        f"gated ({licence}), {why}: {', '.join(names)}; accept the licence on each one's "
        "page at huggingface.co, then 'hf auth login'"
        for (licence, why), names in closed.items()
    ]


def _ask(hub: str) -> str | None:
    """``open``, or why the hub refuses; None where the hub does not answer."""
    from huggingface_hub import auth_check
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        auth_check(hub)
    except (GatedRepoError, RepositoryNotFoundError):
        return "no access with the present token"
    except Exception:  # whatever the network does
        return None
    return "open"
