"""One log over everything that was asked, decided, looked at and sent, in which what is missing or edited is found."""
