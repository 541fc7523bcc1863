"""The package as it is installed: run by `make package`, and no part of `make test`."""
