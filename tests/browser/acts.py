"""What a person does in a browser. Each waits for the page that it leads to, however slow the machine is."""

TIMEOUT = 30_000


def press(page, name, **options):
    with page.expect_navigation(timeout=TIMEOUT):
        page.get_by_role("button", name=name, **options).click()


def follow(page, link):
    with page.expect_navigation(timeout=TIMEOUT):
        link.click()
