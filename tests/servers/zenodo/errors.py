"""Answers that say no, in the words of Zenodo."""

from __future__ import annotations

SERVER_ERROR = (
    "The server encountered an internal error and was unable to complete your request. Either the server is "
    "overloaded or there is an error in the application."
)


class ApiError(Exception):
    """A request that is refused.

    Parameters
    ----------
    status
        HTTP status of the answer.
    errors
        For a field each, what is wrong with it.
    """

    def __init__(self, status: int, message: str, errors: list[dict] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors

    def body(self) -> dict:
        """Return the answer's JSON."""
        body = {"status": self.status, "message": self.message}
        return body if self.errors is None else {**body, "errors": self.errors}


def denied() -> ApiError:
    """Return the answer to nobody, to a stranger, and to a token that lacks the scope."""
    return ApiError(403, "Permission denied.")


def invalid(field: str, *messages: str) -> ApiError:
    """Return the answer to a value that is refused."""
    return ApiError(400, "A validation error occurred.", [{"field": field, "messages": list(messages)}])


def unlisted(word: object) -> ApiError:
    """Return the answer to a word that is in none of the lists of types, licences, languages, relations."""
    return ApiError(400, f"Invalid value {word}.")


def locked() -> ApiError:
    """Return the answer to a change of a published record's files."""
    return ApiError(403, "Bucket is locked for modifications.")


def unknown() -> ApiError:
    """Return the answer to an id that was never given."""
    return ApiError(404, "The persistent identifier does not exist.")


def unregistered() -> ApiError:
    """Return the answer to a request for the record where there is only a draft."""
    return ApiError(404, "The persistent identifier is not registered.")


def not_found() -> ApiError:
    """Return the answer to a request for a draft where there is none."""
    return ApiError(404, "Not found.")


def no_file(record: str, key: str) -> ApiError:
    """Return the answer to a request for a file that a record lacks."""
    return ApiError(404, f"Record '{record}' has no file '{key}'.")
