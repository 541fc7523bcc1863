"""What an instructor does before students see an assignment: build, prove, demonstrate."""
