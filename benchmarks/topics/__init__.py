"""Topics without a catalogue, for measuring which wrong answers get a name."""
