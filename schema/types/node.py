"""The interface of objects that can be fetched by their id alone."""

import strawberry

from schema.decorators import interface_type

ID_DESCRIPTION = (
    "Unique among all objects that you can see, and never reused. Treat it as opaque; the prefix helps people to tell "
    "ids apart: `jdg_` judge, `ver_` judge version, `job_` training job, `evl_` evaluation, `fb_` feedback, `usr_` "
    "user, `wsp_` workspace."
)


@interface_type
class Node:
    """An object with a globally unique id. `node(id:)` fetches it, and client caches may use the id as a key."""

    id: strawberry.ID = strawberry.field(description=ID_DESCRIPTION)
