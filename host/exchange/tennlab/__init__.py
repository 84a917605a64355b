"""Networks of TENNLab's tools: the JSON of framework-open (RISP, VRISP) and of casPYan.

`network` maps one, `document` reads it, `processors` has what each processor means by it.
"""

__all__ = ["network"]
