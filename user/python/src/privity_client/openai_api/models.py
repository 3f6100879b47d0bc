"""What verified nodes offer, as `GET /v1/models` tells it."""

from collections.abc import Iterable, Mapping

from privity_client.nodes import OfferedModel, VerifiedNode
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.reading import Json


def models(nodes: Iterable[VerifiedNode], aliases: Mapping[str, str]) -> Json:
    """Return the list of models, each once, with the names that stand for one."""
    found = _offered(nodes)
    named = {alias: found[target] for alias, target in sorted(aliases.items()) if target in found}
    return {"object": "list", "data": [_model(name, *entry) for name, entry in (found | named).items()]}


def model(nodes: Iterable[VerifiedNode], aliases: Mapping[str, str], name: str) -> Json:
    """Return one model. Raises ApiError 404."""
    found = _offered(nodes)
    wanted = aliases.get(name, name)
    if wanted not in found:
        raise unknown(found)
    return _model(name, *found[wanted])


def unknown(offered: Iterable[str]) -> ApiError:
    """Return the error for a model that nobody offers, with those that are there."""
    names = ", ".join(sorted(offered))
    return ApiError(
        404, f"No verified node offers this model; there are: {names}.", code="model_not_found", param="model"
    )


def _offered(nodes: Iterable[VerifiedNode]) -> dict[str, tuple[OfferedModel, int]]:
    return {offered.id: (offered, node.appraised_at) for node in nodes for offered in node.models}


def _model(name: str, offered: OfferedModel, since: int) -> Json:
    more = {"display": offered.display, "context": offered.context, "demonstration": offered.demonstration}
    return {
        "id": name,
        "object": "model",
        "created": since,
        "owned_by": "privity",
        "privity": more | {"id": offered.id},
    }
