"""The addresses of signing in, and of what secures an account; the names are those by which allauth finds them."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from django.urls import path, re_path

from .signin import TakeKeyAway
from .visits import AskForCode, AskForPassword, SignIn, SignInWithKey, sign_out

sign_in_urls = [
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-in/key/", SignInWithKey.as_view(), name="mfa_login_webauthn"),
    path("sign-in/code/", AskForCode.as_view(), name="account_request_login_code"),
    path("sign-in/code/enter/", account.confirm_login_code, name="account_confirm_login_code"),
    path("sign-in/second-step/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-out/", sign_out, name="account_logout"),
    path("confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("confirm/key/", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/forgotten/", AskForPassword.as_view(), name="account_reset_password"),
    path("password/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-0-9A-Za-z]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/new/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("second-step/", mfa.index, name="mfa_index"),
    path("second-step/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("second-step/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-step/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("second-step/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("second-step/codes/recovery-codes.txt", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("second-step/keys/", keys.list_webauthn, name="mfa_list_webauthn"),
    path("second-step/keys/add/", keys.add_webauthn, name="mfa_add_webauthn"),
    path("second-step/keys/<int:pk>/", keys.edit_webauthn, name="mfa_edit_webauthn"),
    path("second-step/keys/<int:pk>/remove/", TakeKeyAway.as_view(), name="mfa_remove_webauthn"),
]
