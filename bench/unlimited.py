"""The site as it is, but for the limits on wrong passwords: what is measured lies behind them."""

from clinic.settings import *  # noqa: F403 - a settings module

ACCOUNT_RATE_LIMITS = False
