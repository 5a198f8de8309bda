"""What `tenfour check` looks at: each file asks one of those that the bot depends on, and tells what it found."""
