"""Requests that nobody means well with. In capitals and angles: the harm, spelt out in HARMS."""

import re

from .wire import Hostile

HARMS = {
    "<NUL>": "%00",
    "<SURROGATE>": "%ED%A0%80",
    "<OVERLONG>": "%C0%AF%C1%81",
    "<BROKEN>": "%FF%FE%E2%82",
    "<BIDI>": "%E2%80%AE%E2%80%8B%EF%BB%BF%E2%81%A6",
    "<LINES>": "a%0D%0ABcc:%20b@example.com",
    "<LONG>": "x" * 5_000,
    "<WORDS>": "word%20" * 900,
    "<HUGE>": "9" * 25,
    "<DIGITS>": "9" * 5_000,
    "<MINUS>": "-9223372036854775809",
    "<SQL>": "%27%20OR%201=1;--%20",
    "<TEMPLATE>": "%7B%7B7*7%7D%7D%7B%25%20debug%20%25%7D",
    "<MARKUP>": "%3Cscript%3Ealert(1)%3C/script%3E",
    "<UP>": "..%2F..%2F..%2Fetc%2Fpasswd",
    "<MANY>": "&".join(f"field{number}=x" for number in range(3_000)),
    "<SAME>": "&".join(["windows=mon-am"] * 2_000),
    "<DEEP>": "%5B" * 4_000,
    "<STARS>": "%2A" * 2_000,
    "<ATS>": "a@" * 1_500,
    "<DOTS>": "a@" + "a." * 1_500 + "a",
}

# Who, how, where; then the body of a form, to which a good token is added.
TABLE = """
stranger   GET    /?<NUL>=x
stranger   GET    /?<MANY>
stranger   GET    /?x=<LONG>
stranger   GET    /<NUL>
stranger   GET    /<SURROGATE>/
stranger   GET    /<OVERLONG>
stranger   GET    /<LONG>
stranger   GET    //evil.example/%2e%2e
stranger   GET    /%2e%2e/%2e%2e/etc/passwd
stranger   GET    /\\\\evil.example/
stranger   GET    /..;/admin/
stranger   POST   / x=1
stranger   GET    /tips/?q=<NUL>
stranger   GET    /tips/?q=<SURROGATE>
stranger   GET    /tips/?q=<OVERLONG>
stranger   GET    /tips/?q=<BROKEN>
stranger   GET    /tips/?q=<BIDI>
stranger   GET    /tips/?q=<LONG>
stranger   GET    /tips/?q=<WORDS>
stranger   GET    /tips/?q=<SQL>
stranger   GET    /tips/?q=<TEMPLATE>
stranger   GET    /tips/?q=<MARKUP>
stranger   GET    /tips/?q=<STARS>
stranger   GET    /tips/?q=%25%5F%5C
stranger   GET    /tips/?q=a&q=b&q=<NUL>
stranger   GET    /tips/?page=<HUGE>
stranger   GET    /tips/?page=<DIGITS>
stranger   GET    /tips/?page=<MINUS>
stranger   GET    /tips/?page=1e999
stranger   GET    /tips/?page=%D9%A3
stranger   GET    /tips/?page=<NUL>
stranger   GET    /tips/topics/<NUL>/
stranger   GET    /tips/topics/<LONG>/
stranger   GET    /tips/topics/<SQL>/
stranger   GET    /tips/topics/{topic}/?page=<HUGE>&q=<SURROGATE>
stranger   GET    /tips/<SURROGATE>/
stranger   GET    /tips/<UP>/
stranger   GET    /tips/{tip}/?<NUL>
stranger   GET    /tips/{tip}/x.css
stranger   GET    /tips/{tip}/%0d%0aSet-Cookie:%20a=b
stranger   GET    /tips/feed/?<NUL>
stranger   GET    /tips/feed/?x=<MANY>
stranger   GET    /guides/<NUL>.pdf
stranger   GET    /guides/<UP>.pdf
stranger   GET    /guides/<LONG>.pdf
stranger   GET    /guides/{guide}.pdf?<BROKEN>
stranger   GET    /guides/{guide}/?q=<TEMPLATE>
stranger   GET    /guides/{tip}/
stranger   GET    /privacy/?<SURROGATE>=<NUL>
stranger   GET    /accessibility/?x=<LINES>
stranger   GET    /sitemap.xml?p=<HUGE>
stranger   GET    /sitemap.xml?p=<DIGITS>
stranger   GET    /sitemap.xml?p=<NUL>
stranger   GET    /sitemap.xml?p=-1
stranger   GET    /robots.txt?<NUL>
stranger   GET    /health/live/?<BROKEN>
stranger   GET    /health/ready/?x=<LONG>
stranger   POST   /health/ready/ x=<NUL>
stranger   GET    /static/<UP>
stranger   GET    /static/<NUL>.css
stranger   GET    /static/<LONG>
stranger   GET    /consultation/?tip=<NUL>
stranger   GET    /consultation/?tip=<SURROGATE>
stranger   GET    /consultation/?tip=<LONG>
stranger   GET    /consultation/?tip=<BIDI>
stranger   GET    /consultation/<NUL>/
stranger   GET    /consultation/who/?tip=<TEMPLATE>
stranger   GET    /consultation/who/?change=<LONG>
stranger   GET    /consultation/contact/?change
stranger   GET    /consultation/who%00/
stranger   GET    /consultation/check/?<NUL>
stranger   GET    /consultation/sent/?<MANY>
stranger   GET    /consultation/advice/?x=<BROKEN>
stranger   GET    /consultation/stopped/?stopped=<LONG>
stranger   PUT    /consultation/who/ for_whom=me
stranger   PATCH  /consultation/check/ carried=x
stranger   DELETE /consultation/sent/
stranger   TRACE  /consultation/check/
stranger   FROB   /consultation/who/
stranger   OPTIONS *
stranger   POST   /consultation/ tip=<NUL>
stranger   POST   /consultation/who/ for_whom=<NUL>&age=adult
stranger   POST   /consultation/who/ for_whom=<SURROGATE>&age=<OVERLONG>
stranger   POST   /consultation/who/ for_whom=me&age=<HUGE>
stranger   POST   /consultation/who/ <MANY>
stranger   POST   /consultation/who/ carried=<LONG>
stranger   POST   /consultation/who/ carried=<NUL>
stranger   POST   /consultation/who/ carried=gAAAAA%3D%3D&carried=%00
stranger   POST   /consultation/who/ %00=%00
stranger   POST   /consultation/who/ =&=&=&==
stranger   POST   /consultation/where/ region=<SQL>
stranger   POST   /consultation/where/ region=knee&region=<NUL>
stranger   POST   /consultation/safety/ emergency_signs=<NUL>
stranger   POST   /consultation/safety/ emergency_signs=none&emergency_signs=<LONG>
stranger   POST   /consultation/safety/ emergency_signs=<DEEP>
stranger   POST   /consultation/urgent/ urgent_signs=<BROKEN>
stranger   POST   /consultation/urgent/?change=<NUL> urgent_signs=none
stranger   POST   /consultation/problem/ goal=<NUL>
stranger   POST   /consultation/problem/ goal=<LONG>&note=<LONG>
stranger   POST   /consultation/problem/ goal=<BIDI>&note=<MARKUP>
stranger   POST   /consultation/problem/ goal=<TEMPLATE>&pain_score=<HUGE>
stranger   POST   /consultation/problem/ goal=x&pain_score=<DIGITS>
stranger   POST   /consultation/problem/ goal=x&pain_score=4.5e400
stranger   POST   /consultation/problem/ goal=x&note=<SURROGATE>
stranger   POST   /consultation/times/ <SAME>
stranger   POST   /consultation/times/ modes=<NUL>&windows=<HUGE>
stranger   POST   /consultation/times/ any_time=<LONG>&sooner=<NUL>
stranger   POST   /consultation/contact/ full_name=<LINES>&email=<LINES>
stranger   POST   /consultation/contact/ full_name=x&email=<ATS>
stranger   POST   /consultation/contact/ full_name=x&email=<DOTS>
stranger   POST   /consultation/contact/ full_name=x&phone=<DIGITS>
stranger   POST   /consultation/contact/ full_name=x&phone=%2B<HUGE>
stranger   POST   /consultation/contact/ full_name=x&phone=<NUL>
stranger   POST   /consultation/contact/ full_name=x&phone=tel:555;phone-context=<LONG>
stranger   POST   /consultation/contact/ full_name=<BIDI>&email=x@%E2%80%AE.example
stranger   POST   /consultation/contact/ full_name=x&email=x@xn--<LONG>.example
stranger   POST   /consultation/check/ carried=<NUL>
stranger   POST   /consultation/check/ carried=<LONG>
stranger   POST   /consultation/check/ carried=<SURROGATE>
stranger   POST   /consultation/stopped/ stopped=<NUL>
stranger   POST   /consultation/stopped/ stopped=<LONG>&seen=<NUL>
stranger   GET    /r/<NUL>/
stranger   GET    /r/<LONG>/
stranger   GET    /r/<SURROGATE>/
stranger   GET    /r/<SQL>/
stranger   GET    /r/{token}/?<NUL>
stranger   POST   /r/{token}/ x=1
stranger   POST   /r/{token}/answer/ answer=<NUL>
stranger   POST   /r/{token}/answer/ answer=<LONG>
stranger   POST   /r/{token}/answer/ answer=<BIDI>
stranger   POST   /r/<HUGE>/answer/ answer=x
stranger   POST   /r/<NUL>/withdraw/ x=1
stranger   GET    /admin/?next=<NUL>
stranger   GET    /admin/login/?next=//evil.example/<NUL>
stranger   GET    /admin/sign-in/?next=<LONG>
stranger   GET    /admin/sign-in/?next=https:evil.example&next=<SURROGATE>
stranger   POST   /admin/sign-in/ login=<NUL>&password=<NUL>
stranger   POST   /admin/sign-in/ login=<LONG>&password=<LONG>
stranger   POST   /admin/sign-in/ login=<SURROGATE>&password=x
stranger   POST   /admin/sign-in/ login=<ATS>&password=x
stranger   POST   /admin/sign-in/?next=<NUL> login=x&password=x
stranger   POST   /admin/sign-out/ next=<NUL>
stranger   GET    /admin/queue/CR-ABCDEF/
stranger   GET    /admin/<NUL>/
stranger   GET    /admin/nowhere/<LONG>
stranger   GET    /calendar/<NUL>.ics
stranger   GET    /calendar/<LONG>.ics
therapist  GET    /admin/calendar/?week=<NUL>
therapist  GET    /admin/calendar/?week=<DIGITS>-W01
therapist  GET    /admin/calendar/?week=9999-W52&with=<SURROGATE>
therapist  GET    /admin/calendar/?week=0001-W01&with=<LONG>
therapist  POST   /admin/appointments/timeoff/add/ starts_at=0001-01-01T00:00&ends_at=9999-12-31T23:59
therapist  POST   /admin/appointments/workinghours/add/ weekday=<HUGE>&starts=<NUL>&ends=<LONG>
therapist  GET    /admin/queue/?reference=<NUL>
therapist  GET    /admin/queue/?reference=<LONG>
therapist  GET    /admin/queue/?reference=<SQL>
therapist  GET    /admin/queue/?show=<NUL>
therapist  GET    /admin/queue/?after=<NUL>
therapist  GET    /admin/queue/?after=2026-03-02T12:00:00_<HUGE>
therapist  GET    /admin/queue/?after=0001-01-01T00:00:00%2B23:59_1
therapist  GET    /admin/queue/?after=9999-12-31T23:59:59-23:59_1
therapist  GET    /admin/queue/?after=2026-03-02T12:00:00_<MINUS>
therapist  GET    /admin/queue/CR-AAAAAA<NUL>/
therapist  POST   /admin/queue/{reference}/ask/ question=<NUL>
therapist  POST   /admin/queue/{reference}/ask/ question=<LONG>
therapist  POST   /admin/queue/{reference}/note/ text=<SURROGATE>
therapist  POST   /admin/queue/{reference}/note/ text=<NUL>
therapist  POST   /admin/queue/{reference}/answer/ text=<BIDI>
therapist  POST   /admin/queue/{reference}/decline/ reason=<NUL>&next_step=<HUGE>
therapist  POST   /admin/queue/{reference}/spam/ x=<BROKEN>
therapist  GET    /admin/mail/<UP>/
therapist  GET    /admin/mail/<NUL>/
therapist  GET    /admin/r/<HUGE>/<HUGE>/
therapist  GET    /admin/r/1/<NUL>/
therapist  GET    /admin/r/x/y/
therapist  GET    /admin/autocomplete/?app_label=<NUL>&model_name=x&field_name=y
therapist  GET    /admin/jsi18n/?language=<NUL>
therapist  POST   /admin/password_change/ old_password=<NUL>&new_password1=<LONG>&new_password2=<LONG>
editor     GET    /admin/tips/tip/?q=<NUL>
editor     GET    /admin/tips/tip/?q=<WORDS>
editor     GET    /admin/tips/tip/?q=%22<SQL>
editor     GET    /admin/tips/tip/?p=<HUGE>
editor     GET    /admin/tips/tip/?p=<DIGITS>
editor     GET    /admin/tips/tip/?o=<HUGE>.<MINUS>
editor     GET    /admin/tips/tip/?all=<NUL>
editor     GET    /admin/tips/tip/?topics__id__exact=<HUGE>
editor     GET    /admin/tips/tip/?topics__id__exact=<NUL>
editor     GET    /admin/tips/tip/?status__exact=<SURROGATE>
editor     GET    /admin/tips/tip/?author__password__startswith=a
editor     GET    /admin/tips/tip/?slug__range=<LONG>
editor     GET    /admin/tips/tip/?slug__regex=(
editor     GET    /admin/tips/tip/?_to_field=<SQL>
editor     GET    /admin/tips/tip/<NUL>/change/
editor     GET    /admin/tips/tip/<HUGE>/change/
editor     GET    /admin/tips/tip/<DIGITS>/change/
editor     GET    /admin/tips/tip/_00/change/
editor     GET    /admin/tips/guide/_ZZ_<SURROGATE>/history/
editor     GET    /admin/tips/tip/add/?author=<HUGE>&publish_at=<LONG>
editor     POST   /admin/tips/tip/add/ title=<NUL>&slug=<NUL>&body=x
editor     POST   /admin/tips/tip/add/ title=<LONG>&slug=<LONG>&topics=<HUGE>&author=<HUGE>
editor     POST   /admin/tips/tip/add/ topics=<DIGITS>&publish_at_0=99999-99-99&publish_at_1=<NUL>
editor     POST   /admin/tips/tip/add/ title=x&publish_at_0=0001-01-01&publish_at_1=00:00
editor     POST   /admin/tips/tip/{tip_id}/change/ title=<SURROGATE>&topics=<MINUS>
editor     POST   /admin/tips/tip/preview/ title=<NUL>&body=<NUL>
editor     POST   /admin/tips/tip/preview/ title=x&body=<STARS>
editor     POST   /admin/tips/tip/preview/ title=x&body=<DEEP>
editor     POST   /admin/tips/topic/ action=delete_selected&_selected_action=<HUGE>
editor     POST   /admin/tips/topic/ action=delete_selected&_selected_action=not-a-number
editor     POST   /admin/tips/topic/ action=<NUL>&select_across=<HUGE>&index=<DIGITS>
owner      GET    /admin/clinic/user/?groups__id__exact=<HUGE>
owner      GET    /admin/clinic/user/?groups__id__exact=<NUL>
owner      GET    /admin/clinic/user/?is_active__exact=<NUL>
owner      GET    /admin/clinic/user/?e=1&q=<SURROGATE>
owner      GET    /admin/clinic/user/<HUGE>/password/
owner      POST   /admin/clinic/user/add/ username=<NUL>&groups=<HUGE>&password1=<LONG>&password2=<LONG>
owner      POST   /admin/clinic/user/{person_id}/change/ username=<BIDI>&groups=<DIGITS>&email=<ATS>
owner      POST   /admin/clinic/openinghours/ form-TOTAL_FORMS=<HUGE>&form-INITIAL_FORMS=<HUGE>&_save=Save
owner      POST   /admin/clinic/openinghours/ form-TOTAL_FORMS=1&form-INITIAL_FORMS=1&form-0-id=<HUGE>&_save=Save
owner      POST   /admin/clinic/openinghours/ form-TOTAL_FORMS=1000&form-INITIAL_FORMS=1000&_save=Save
owner      POST   /admin/clinic/openinghours/add/ weekday=<HUGE>&opens=99:99&closes=<NUL>
owner      POST   /admin/clinic/holiday/add/ date=9999999-01-01&name=<NUL>
owner      GET    /admin/clinic/holiday/?date__year=<HUGE>
owner      POST   /admin/clinic/clinicsettings/1/change/ zone=<UP>&reply_days=<HUGE>&name=<NUL>
owner      POST   /admin/clinic/clinicsettings/1/change/ zone=<LONG>&phone=<DIGITS>&hold_hours=<MINUS>
owner      GET    /admin/auth/group/?q=<NUL>
owner      GET    /admin/account/emailaddress/?verified__exact=<HUGE>
"""


def spelt_out(text, known):
    for harm, meaning in {**HARMS, **{f"{{{name}}}": str(value) for name, value in known.items()}}.items():
        text = text.replace(harm, meaning)
    return text


def from_table(known):
    """The rows of the table; `known` is what is really there: a tip, a guide, a token and so on."""
    for line in TABLE.strip().splitlines():
        who, method, target, body = re.fullmatch(r"(\w+) +(\w+) +(\S+)(?: (.*))?", line).groups()
        body = spelt_out(body, known) if body is not None else None
        yield Hostile(line, spelt_out(target, known), method=method, who=who, body=body)
