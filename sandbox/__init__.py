""" A bank in a box: behaves as Tochka Bank's API does, for demos and tests.

Written from the bank's public description (https://developers.tochka.com/docs/tochka-api/ and its
OpenAPI file), and independent of the add-ons: one mistake must not hide on both sides.
"""
