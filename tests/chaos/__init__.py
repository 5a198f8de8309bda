"""The chaos program: real bots and a real Redis are killed at random while people work; then promises are judged."""
