"""Files of other tools, as lines of the import format.

A format has two functions: what a record says about an item and its automatic scores, and what people said of it. They
take over what they find; whether that will do is for the server to say, which reports each line by its record's number.
"""
