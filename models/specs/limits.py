"""Upper bounds of a request's values."""

from models.request_sizes import RequestSizes

MAX_BATCH = RequestSizes().batch  # items of one call
MAX_TEXT = 100_000  # characters of an evaluation's input, output or rationale
MAX_COMMENT = 10_000  # characters of a comment, description or reason
MAX_NAME = 200  # characters of a name or external id
MAX_CRITERIA = 100  # of one judge
MAX_FEEDBACK_COUNT = 1_000_000
MAX_EPOCHS = 10_000
MAX_SEED = 2**31 - 1
