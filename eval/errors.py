"""The error a user can mend: it names the file, the place and the remedy."""


class InputError(Exception):
    """Something the user gave cannot be used.

    The command line prints it as one line and exits with status 2, having written nothing.
    The message has the form ``file: place: what is wrong; remedy``; line breaks in what it
    quotes become spaces.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))
