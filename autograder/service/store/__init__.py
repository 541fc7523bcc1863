"""The attempts of the service, in its database."""
