"""What enters the sandbox: every file of this folder, and nothing else of this program."""
