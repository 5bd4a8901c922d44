"""Lambda on a laptop: functions in worker processes behind the Lambda Runtime API."""
