"""How registrations look in Slack: cards, verdicts, lists, digests, and the windows about them."""
