"""What others tell us over HTTP, other than Slack: authenticated, taken once, and used as a hint."""
