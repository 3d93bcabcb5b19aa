"""GitHub's REST API, as far as comments on a pull request need it.

Beside ``riskscan aws`` only ``riskscan comment`` opens connections, and only it imports this package.
"""
