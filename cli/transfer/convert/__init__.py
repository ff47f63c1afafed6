"""Converters from other tools' files to lines of the import format.

Each format has two functions: `evaluations` returns the lines for a record's item with its automatic scores, `feedback`
returns the lines for people's feedback on it. They convert what they find without checking it; the server checks each
line and reports its problems under the record's number.
"""
