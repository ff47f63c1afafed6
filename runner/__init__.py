"""Training jobs from submission to deployment and notification, and analyses that run in processes of their own."""
