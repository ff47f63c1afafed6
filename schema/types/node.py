"""What can be fetched again by its id alone."""

import strawberry

from schema.decorators import interface_type


@interface_type
class Node:
    """Something with an id of its own; `node(id:)` fetches it again, and caches may file it under that id."""

    id: strawberry.ID = strawberry.field(
        description=(
            "Unique across everything you can see, and never reused. Treat it as opaque; the prefix only helps people "
            "to tell ids apart: `jdg_` a judge, `ver_` a judge version, `job_` a training job, `evl_` an evaluation, "
            "`fb_` an item of feedback, `usr_` a user, `wsp_` a workspace."
        )
    )
