"""Runs in django-helpdesk's own environment: for each folder named on a line of stdin, have
`get_email` read it; the seconds that took and the messages there are now, on a line of stdout."""

import os
import sys
import time

import django
from django.core.management import call_command

LONG_AGO = "2020-01-01T00:00Z"


def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.peers.helpdesk.settings"
    django.setup()
    from helpdesk.models import EmailTemplate, FollowUp, Queue

    call_command("migrate", interactive=False, verbosity=0)
    EmailTemplate.objects.all().delete()  # no notices to render: the desk sends none here either
    queue = Queue.objects.create(
        title="Support",
        slug="support",
        email_address="support@desk.example",
        allow_email_submission=True,
        email_box_type="local",
        email_box_interval=0,
        logging_type="none",
    )
    print("ready", flush=True)
    for line in sys.stdin:
        Queue.objects.filter(pk=queue.pk).update(
            email_box_local_dir=line.strip(), email_box_last_check=LONG_AGO
        )
        started = time.perf_counter()
        call_command("get_email", quiet=True)
        seconds = time.perf_counter() - started
        print(seconds, FollowUp.objects.count(), flush=True)


if __name__ == "__main__":
    main()
