"""Staff sign-in: allauth's, but for what a clinic's desk needs otherwise."""

from allauth.account.adapter import DefaultAccountAdapter


class StaffAccounts(DefaultAccountAdapter):
    """Accounts are made by the owner, and one that was disabled is refused like one that never was."""

    def is_open_for_signup(self, request):
        return False

    def authenticate(self, request, **credentials):
        person = super().authenticate(request, **credentials)
        return person if person and person.is_active else None
