# Dates as people at the desk say them, with the weekday, and hours without seconds.
DATETIME_FORMAT = "l, F j, Y, g:i A"
SHORT_DATETIME_FORMAT = "D, M j, g:i A"
DATE_FORMAT = "F j, Y"
TIME_FORMAT = "g:i A"
