from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.core.signals import request_started
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

from . import appendonly, generation
from .checks import check_sample_accounts


class ClinicConfig(AppConfig):
    name = "clinic"

    def ready(self):
        post_migrate.connect(appendonly.install_after_migrate, dispatch_uid="append_only_triggers")
        connection_created.connect(generation.watch_connection, dispatch_uid="what_is_shown")
        # Whoever works with nothing but accounts and settings remembers them, too.
        request_started.connect(generation.watch_others, dispatch_uid="what_is_shown")
        pre_migrate.connect(generation.migrating, dispatch_uid="what_is_shown")
        post_migrate.connect(generation.migrated, dispatch_uid="what_is_shown")
        checks.register(appendonly.check_triggers, checks.Tags.database)
        checks.register(check_sample_accounts, checks.Tags.database)


class ClinicAdminConfig(AdminConfig):
    default_site = "clinic.desk.ClinicAdminSite"
