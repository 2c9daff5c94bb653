package com.example.parlor

import android.app.Application
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.viewModelScope
import androidx.media3.common.MediaItem
import androidx.media3.exoplayer.ExoPlayer
import kotlinx.coroutines.flow.SharingStarted
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.stateIn
import parlor.Config
import parlor.HypeTrain
import parlor.ParlorClient
import parlor.Placement
import parlor.SystemTrust
import parlor.android.attachTo

/** The player and the room that it shows, for as long as the screen is wanted. */
class RoomModel(application: Application) : AndroidViewModel(application) {
    val player: ExoPlayer = ExoPlayer.Builder(application).build().apply {
        setMediaItem(MediaItem.fromUri(BuildConfig.STREAM))
        prepare()
    }

    val client: ParlorClient

    /** The hype train at the viewer's picture. */
    val train: StateFlow<HypeTrain?>

    init {
        SystemTrust.install(application)
        client = ParlorClient.connect(
            Config(BuildConfig.SERVER, BuildConfig.ROOM, Placement.PLAYER),
            viewModelScope,
        )
        addCloseable(client.attachTo(application))
        train = client.room
            .map { room -> room.train }
            .stateIn(viewModelScope, SharingStarted.Eagerly, client.room.value.train)
    }

    override fun onCleared() {
        client.close()
        player.release()
    }
}
