"""Parts of the composition root (`bot/app.py`) that do not know Slack's side."""
