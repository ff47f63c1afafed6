"""Evidence: metrics of agreement with people, bootstrap intervals, and the report built of them."""
