""" The demo: a Russian school in roubles, and a customer who pays. """
