# Short enough for the tables of the desk, and hours without seconds.
DATETIME_FORMAT = "M j, Y, g:i A"
SHORT_DATETIME_FORMAT = "M j, g:i A"
DATE_FORMAT = "F j, Y"
TIME_FORMAT = "g:i A"
