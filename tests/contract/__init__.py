""" What we send and what the sandbox answers, held against the bank's own OpenAPI file. """
