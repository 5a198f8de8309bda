"""How the bot shows itself to those who run it: what it counts, whether it is ready, and the port that says so."""
