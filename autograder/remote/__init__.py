"""The functions of a submission, called from outside its process."""
