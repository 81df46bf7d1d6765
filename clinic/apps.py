from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.db.models.signals import post_migrate

from . import appendonly
from .checks import check_sample_accounts


class ClinicConfig(AppConfig):
    name = "clinic"

    def ready(self):
        post_migrate.connect(appendonly.install_after_migrate, dispatch_uid="append_only_triggers")
        checks.register(appendonly.check_triggers, checks.Tags.database)
        checks.register(check_sample_accounts, checks.Tags.database)


class ClinicAdminConfig(AdminConfig):
    default_site = "clinic.desk.ClinicAdminSite"
